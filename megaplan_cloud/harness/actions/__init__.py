"""The actions that phases use beside the engine's own."""
