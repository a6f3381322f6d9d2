"""What the runnable benches share: processes and their CPU, the load generator, the server under test, the report."""
