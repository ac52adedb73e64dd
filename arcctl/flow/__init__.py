"""How a change survives interruption; knows nothing of Azure."""
