/** The worker threads of this process, by the platform's own account. */
export function workerThreads(): number {
  const report = process.report.getReport() as unknown as { workers: unknown[] };
  return report.workers.length;
}
