"""One file a version, named by what it brought. A version that was released is never changed again."""
