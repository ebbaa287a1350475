"""Columns of the world's tables: places, nodes, memory groups, repair jobs, marks, units, machines."""

from enum import IntEnum

# A row of places or nodes is as wide as a cache line, so that a visit costs one miss at most.
ROW = 8
# What a table has room for whose columns stand with the rules of one mechanism.
WIDE = 12


class Place(IntEnum):
    """Columns of `world.places`."""

    EPOCH = 0
    NUMBER = 1
    NODE = 2  # its number; -1: empty
    MARK = 3  # row of the slow mark; -1: none
    LOST = 4  # equal to LOST_EPOCH: member of L
    SERIAL = 5  # of this filling
    AWAITS = 6  # first unit slot to be born when the place is filled; -1: none
    HAUNTED = 7  # row of the next place whose relapse is to be drawn; -1: last


class Node(IntEnum):
    """Columns of `world.nodes`."""

    EPOCH = 0
    NUMBER = 1
    # Row of the next node of the same repair job, or of the same machine's list; -1: last. While the node sits in a
    # place that it came to (not that of its own number at tick 0): that place.
    NEXT = 2
    CURED = 3  # 1 + the tick of the last repair that cured it; 0: none
    CAUSE = 4  # of the repair that did not cure; -1: not marked
    STREAM = 5
    ORDINAL = 6
    TAKEN = 7  # how often


class Group(IntEnum):
    """Columns of `world.groups`: memory groups with members in L."""

    EPOCH = 0  # a LOST_EPOCH
    NUMBER = 1
    LOST = 2  # members in L


class Its(IntEnum):
    """Columns of `world.candidate`: an arrival, and what it would do."""

    CAUSE = 0
    STREAM = 1
    ORDINAL = 2
    UNIT = 3  # -1: none (scripted, relapse, alarm)
    SLOT = 4  # of a renewed unit; -1: none
    PLACE = 5  # first place; -1: none
    BLAST = 6  # places that it cuts off
    EFFECT = 7
    BENCH = 8  # slot of the pool that it falls on; -1: it falls on places
    TRAITS = 9  # what is special about it: see Trait
    LENGTH = 10  # of its outage; -1: not drawn yet
    HEALS = 11  # ticks after which what it slows is healed; -1: by its law


class Job(IntEnum):
    """Columns of `world.jobs`: repair jobs."""

    LINK = 0  # see slots.py
    CAUSE = 1
    STREAM = 2
    ORDINAL = 3
    FIRST = 4  # row of its first node
    LAST = 5
    FATE = 6  # see Fate
    STAGE = 7  # of the shop, from 0
    STAGES = 8  # the last one that it will reach
    CURES = 9  # 1: it will cure
    RETURNS = 10  # 1: its nodes will come back, if no policy keeps them away


class Fate(IntEnum):
    """What a diagnosis made of a strike."""

    RIGHT = 0
    MISSED = 1  # nothing is found, and the nodes join the pool
    BLAMED = 2  # the job's node is innocent


class Mark(IntEnum):
    """Columns of `world.marks`: slow places, and what slows the whole job."""

    LINK = 0  # see slots.py
    PLACE = 1  # -1: the job's
    SPEED = 2  # of the job, were it the only mark
    CAUSE = 3
    STREAM = 4
    ORDINAL = 5
    UNIT = 6
    SLOT = 7
    FOUND = 8  # the tick at which it was found; -1: not yet
    SERIAL = 9
    ACTIVE = 10  # its row in `active`
    SEAT = 11  # row of its place; -1: the job's


class Unit(IntEnum):
    """Columns of `world.units`: units that have left their cohort."""

    CAUSE = 0
    UNIT = 1
    FAMILY = 2  # j
    GENERATION = 3  # the last one used
    BIRTH = 4
    LAST = 5  # tick of its last candidate
    NEXT = 6  # next slot that awaits the same place
    ALIVE = 7


class Machine(IntEnum):
    """Columns of `world.machines`. Row m: machine m, the block of that number, and the m-th machine without a block."""

    EPOCH = 0
    LEFT = 1  # how many of its first trays have left its list, of which they are the head
    FIRST = 2  # row of the first node that joined the list since; -1: none
    LAST = 3
    JOINED = 4
    SERVED_BY = 5  # the block's machine
    LISTED = 6  # how many of the block's empty places its machine's list would fill
    REPLACED = 7  # the row of IDLE whose machine would replace the block's; -1: none
    IDLE = 8  # a machine that serves no block
    STAMP = 9  # the fitting in which that one replaces another
