"""What an admin says about e-mail: the SMTP server, and the templates. It is kept and told, and never used."""
