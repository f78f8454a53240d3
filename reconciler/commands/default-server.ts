/** Where the daemon listens, and is looked for, unless a flag says otherwise. */
export const defaultPort = 8090

/** The daemon's address unless `--server` or FLOTILLA_SERVER says otherwise. */
export const defaultServer = `http://127.0.0.1:${defaultPort}`
