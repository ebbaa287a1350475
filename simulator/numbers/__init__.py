"""Numbers: the plan, the ledger, time, laws and chance. What engines take, give and draw; no words, no units."""
