"""A made-up community that fills an instance: people, texts and pictures from a seed, written by `actions.demo`."""
