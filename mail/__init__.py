"""How a mail leaves: one method wide, to a server or to the development inbox."""
