"""The data model of a workspace as a file: export it, compare it, apply it.

The file speaks of names, never of ids, and lists a relation once: where its to-one field is, with what the
counterpart is called (a relation from one to many of several objects stands with its own field). What is left
out has its default; of a standard object or field, the standard model's value. Fields and objects that the
engine keeps by itself are not in it.

    version: 1
    objects:
    - nameSingular: rocket
      namePlural: rockets
      labelSingular: Rocket
      labelPlural: Rockets
      fields:
      - {name: speed, type: NUMBER, label: Speed}
      - name: owner
        type: RELATION
        label: Owner
        relation: {object: company, inverse: {name: rockets, label: Rockets}}
      indexes:
      - fields: [speed]

`previousName` on an object or field, and `previousValue` on an option, rename what is called so now.
"""

from metadata.snapshot.applying import Outcome, schema_apply, schema_diff
from metadata.snapshot.entries import FORMAT_VERSION
from metadata.snapshot.exporting import schema_export
from metadata.snapshot.steps import Step
from metadata.snapshot.text import schema_read, schema_text

__all__ = [
    "FORMAT_VERSION", "Outcome", "Step", "schema_apply", "schema_diff", "schema_export", "schema_read", "schema_text",
]  # fmt: skip
