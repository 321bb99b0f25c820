"""Reading records: listings, pagination, cursors, relations and `Product.objects`."""
