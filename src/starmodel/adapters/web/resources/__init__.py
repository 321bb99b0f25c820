"""The generated routes: events, CRUD, bulk events and browser state."""
