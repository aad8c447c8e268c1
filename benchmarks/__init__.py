"""One script for each claim that the README makes; results/ names hardware and versions."""
