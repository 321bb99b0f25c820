"""Rolling deploys: migrations that processes of the old version survive."""
