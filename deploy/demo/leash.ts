// Loaded into the daemon's process beside the daemon: whoever started it holds the other end of its stdin, and where that
// goes, even by a kill that cannot be caught, nobody is left to end the daemon.
process.stdin.once('close', () => process.kill(process.pid, 'SIGTERM'))
process.stdin.resume()
// A daemon that has ended its work is not held up by the leash.
process.stdin.unref()
