"""Builder: change a network layer by layer, and see at once what that does."""

from pages.parts.current_network import network_choice
from pages.parts.header import header

header("Builder", "What does a network become when you change a layer?")
network_choice()
