rule report:
    input:
        rules.tables.output,
