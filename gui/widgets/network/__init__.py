"""The parts of the network's column: cards, blocks of cards, and how they are moved."""
