-- Drop pasts whose time is over and scratch generations that nobody works on; how many there were. No parameters.
SELECT ops.sweep_pasts()
