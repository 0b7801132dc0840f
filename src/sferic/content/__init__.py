"""What Sferic detects, written down for other products: rules, searches, an app, and pages for people.

Every target is a module here; its name is the word after `sferic export`. One definition of each detection
(`sferic.catalog.detections`) and one list of hosts feed all of them. What cannot be said in a product's language is
left out there, not approximated in silence. `prove` runs the texts on events and compares them with the engine.
"""
