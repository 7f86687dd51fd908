/** Whether the service lives, for a container's health check: asks `/health`, which its configuration serves at port 8086 of loopback. */
const url = process.argv[2] ?? 'http://127.0.0.1:8086/health'
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) })
  if (!answer.ok) throw new Error(`it is answered with ${answer.status}`)
} catch (error) {
  process.stderr.write(`${url}: ${error.cause?.message ?? error.message}\n`)
  process.exitCode = 1
}
