"""Generated pages in the MonsterUI (Franken UI) look."""
