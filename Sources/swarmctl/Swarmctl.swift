import ArgumentParser
@main struct Swarmctl: ParsableCommand {}
