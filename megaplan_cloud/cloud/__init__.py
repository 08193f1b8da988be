"""The operator's side: settings, markers, chains seen from outside, supervision."""
