"""Generated pages with MonsterUI (Franken UI) components."""
