"""The page around any content: head, navigation, heading and start page."""
