"""What a network does: receptive fields by gradient, feature maps, filters, confusion; for stored runs as they were."""
