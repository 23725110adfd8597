// The same package from CommonJS.

import lakeflow = require("lakeflow-jobs");

const jobs = new lakeflow.Jobs({ host: "https://x", token: "t" });
void jobs.wait(7n).end().then((end) => (end.isSuccess ? end.run?.runId : end.error?.message));
const error: lakeflow.LakeflowError | undefined = undefined;
console.log(error);
