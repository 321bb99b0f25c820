"""PostgreSQL, MySQL and MariaDB: connection pool, transactions, row locks."""
