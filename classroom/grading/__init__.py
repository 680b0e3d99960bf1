"""Grade a class's notebooks: what a student wrote is found by its name, run apart, and judged here.

What goes where, from left to right; a module imports only from those before it::

    tasks ▶ notebooks ▶ needed ▶ submissions ▶ wire ▶ kernel ▶ guard ▶ child
          ▶ sandbox ▶ marking ▶ likeness ▶ gradebook ▶ platforms ▶ pages ▶ run

A notebook is read as text (``notebooks``), a function's own helpers are found (``needed``), and
both go to a process of its own (``sandbox`` starts and stops it, ``child`` runs in it, ``guard``
holds it). Only plain values come back (``wire``). They are compared with the right ones in the
grader's own process (``marking``), which no student's code ever enters.
"""
