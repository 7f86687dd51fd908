/** Why a file or folder of another push service can't be read, with what to do, in words for the operator. */
export function unread(path: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error)
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no ${path}; correct the path`
    case 'EISDIR':
      return `${path} is a folder; name the file itself`
    case 'EACCES':
    case 'EPERM':
      return `may not read ${path}; let this user read it, or copy it to where he may`
    default:
      return `can't read ${path} (${code}); look at its disk, or at a copy`
  }
}
