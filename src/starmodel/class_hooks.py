"""The adapters' hooks for entity classes that derive from a class of another library.

`starmodel.core.definition.hooks` imports this module for the first such class, and the hooks of
a library for the first class of that library.
"""

HOOKS = {
    "FastSQLModel": "starmodel.adapters.persistence.sql.table_classes.fast_sqlmodel:FastHooks",
    "sqlmodel": "starmodel.adapters.persistence.sql.table_classes.sqlmodel:TableHooks",
}
