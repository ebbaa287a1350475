"""Silent corruption: what is trained and saved is worthless from the strike to the alarm. Semantics 7.10."""

from simulator.ledger import Tally
from simulator.mechanisms.card import Card, Scalar, Words, whole

CARD = Card(
    "silent corruption",
    plan=(Scalar("checkpoints_kept", 0, lambda scenario: whole(scenario.document.checkpoint.keep)),),
    counts={
        Tally.CORRUPTIONS: Words("silent corruptions", "strikes that corrupt training, and nobody notices"),
        Tally.ALARMS: Words(
            "  found, and training rolled back", "silent corruptions that were found, each a failure then"
        ),
        Tally.CHECKPOINTS_LOST: Words(
            "  found too late: training began anew",
            "alarms after which no checkpoint from before the corruption was kept",
        ),
    },
)
