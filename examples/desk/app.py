"""An order desk: customers, products, orders with lines, and a board for everybody.

Run it: `starmodel run examples/desk/app.py`
Fill it: `starmodel event Samples add --orders 10000 --app examples/desk/app.py`

Staff (the role "staff") see everything. Buyers see products, and the customers and orders that
are theirs.
"""

from starmodel import create_app
from starmodel.auth import Auth

from .entities import Board, Customer, Order, OrderLine, Product
from .samples import Samples

ENTITIES = [Order, OrderLine, Customer, Product, Board, Samples]
app = create_app(ENTITIES, title="Order desk", auth=Auth(registration="open"))
