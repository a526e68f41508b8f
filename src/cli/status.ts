/** Exit statuses: the convention of env(1), timeout(1) and docker run. */

/** landlockd's own failure before the workload ran. */
export const STATUS_FAILED = 125;
/** Any other command called in a way that can't be served. */
export const STATUS_USAGE = 2;
/** What was asked was answered, and the answer is no: lint errors, a host that can't enforce. */
export const STATUS_NO = 1;
