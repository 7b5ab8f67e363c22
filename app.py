"""WSGI entry: `flask --app app run`, any WSGI server, or `python app.py`, which serves by itself."""

if __name__ == "__main__":
    from sandbox.cli import main

    main(["serve"])
else:
    from sandbox import create_app

    app = create_app()
