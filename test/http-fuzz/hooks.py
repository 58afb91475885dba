"""What schemathesis must not ask for, because the answer has no end: it waits for the whole of each."""
import schemathesis


@schemathesis.hook
def map_query(_context, query):
    if query is not None:
        query.pop("follow", None)
    return query


@schemathesis.hook
def filter_case(_context, case):
    return "follow" not in (case.query or {})
