"""Which reading of the paper gives the paper's numbers? (paper_notes.md, the ledger)"""
