"""PostgreSQL through asyncpg, and MySQL and MariaDB through asyncmy."""
