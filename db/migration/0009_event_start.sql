-- Events of one start of the phone have the number of its first in common: their times alone do not tell one start from the next. 0: of an older program.
ALTER TABLE event ADD COLUMN began INTEGER NOT NULL DEFAULT 0;
