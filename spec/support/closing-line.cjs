/** The last line of a test run: how many passed, failed and were skipped, and why those were. */
module.exports = class {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap((file) =>
      file.testResults.filter((test) => test.status === 'pending' || test.status === 'todo'),
    )
    for (const test of skipped) process.stdout.write(`skipped: ${test.fullName}\n`)
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    process.stdout.write(`specs: ${results.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped\n`)
  }
}
