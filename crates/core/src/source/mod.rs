//! Text from people (YAML or JSON) as values with positions, so that every problem can name its line.
