//! Jobs.

use std::pin::Pin;
use std::task::{Context, Poll};

use engine::command::LeaseJobs;
use engine::event::Text;
use engine::limits::ACTIVATION_JOBS_MAX;
use prost::Message;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Service, convert, status};
use crate::failure::Failure;
use crate::gateway::{Gateway, JobFeed, Word};
use crate::input;
use crate::limits::{ACTIVATION_MESSAGE_BYTES_MAX, STREAM_CREDIT_MAX};
use crate::proto::*;
use crate::verdict::{AD_HOC, Corrected, Given, verdict};

/// Answers of an activation, all there already.
pub type Activated = tokio_stream::Iter<std::vec::IntoIter<Result<ActivateJobsResponse, Status>>>;

/// Jobs as they become available; ends when the server stops.
pub struct Jobs {
    feed: JobFeed,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Stream for Jobs {
    type Item = Result<ActivatedJob, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.stopped.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        this.feed.poll_job(context).map(|job| job.map(|job| Ok(convert::job(job))))
    }
}

impl Service {
    pub(super) async fn activate(
        &self,
        request: Request<ActivateJobsRequest>,
    ) -> Result<Response<Activated>, Status> {
        let caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        if message.max_jobs_to_activate == 0 && !message.r#type.trim().is_empty() {
            // What zbctl expects of an activation of no jobs.
            return Ok(Response::new(tokio_stream::iter(Vec::new())));
        }
        let want = wanted(&message).map_err(status::of)?;
        let jobs = self.gateway.activate(&caller, want, message.request_timeout).await;
        let jobs = jobs.map_err(status::of)?.into_iter().map(convert::job);
        Ok(Response::new(tokio_stream::iter(messages(jobs))))
    }

    pub(super) async fn stream(
        &self,
        request: Request<StreamActivatedJobsRequest>,
    ) -> Result<Response<Jobs>, Status> {
        let caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        let want = streamed(&message).map_err(status::of)?;
        let feed = self.gateway.stream(&caller, want).await.map_err(status::of)?;
        Ok(Response::new(Jobs { feed, stopped: Box::pin(stopped(self.gateway.clone())) }))
    }

    pub(super) async fn complete(
        &self,
        request: Request<CompleteJobRequest>,
    ) -> Result<Response<CompleteJobResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        let mut word = word(message.job_key, &message.variables)?;
        let given = given(message.result).map_err(status::of)?;
        word.result = verdict(given).map_err(status::of)?;
        self.gateway.complete_job(&caller, word).await.map_err(status::of)?;
        Ok(Response::new(CompleteJobResponse {}))
    }

    pub(super) async fn fail(
        &self,
        request: Request<FailJobRequest>,
    ) -> Result<Response<FailJobResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        let word = word(message.job_key, &message.variables)?;
        let (retries, back_off) = (message.retries, message.retry_back_off);
        let failed =
            self.gateway.fail_job(&caller, word, retries, &message.error_message, back_off).await;
        failed.map_err(status::of)?;
        Ok(Response::new(FailJobResponse {}))
    }

    pub(super) async fn throw(
        &self,
        request: Request<ThrowErrorRequest>,
    ) -> Result<Response<ThrowErrorResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        let word = word(message.job_key, &message.variables)?;
        let code = input::optional_name("errorCode", &message.error_code).map_err(status::of)?;
        let thrown = self.gateway.throw_error(&caller, word, &code, &message.error_message).await;
        thrown.map_err(status::of)?;
        Ok(Response::new(ThrowErrorResponse {}))
    }

    pub(super) async fn retries(
        &self,
        request: Request<UpdateJobRetriesRequest>,
    ) -> Result<Response<UpdateJobRetriesResponse>, Status> {
        let mut caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        caller.operation_reference = message.operation_reference;
        let (job, retries) = (message.job_key, Some(message.retries));
        let done = self.gateway.update_job(&caller, job, retries, None, None).await;
        done.map_err(status::of)?;
        Ok(Response::new(UpdateJobRetriesResponse {}))
    }

    pub(super) async fn timeout(
        &self,
        request: Request<UpdateJobTimeoutRequest>,
    ) -> Result<Response<UpdateJobTimeoutResponse>, Status> {
        let mut caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        caller.operation_reference = message.operation_reference;
        let (job, timeout) = (message.job_key, Some(message.timeout));
        let done = self.gateway.update_job(&caller, job, None, timeout, None).await;
        done.map_err(status::of)?;
        Ok(Response::new(UpdateJobTimeoutResponse {}))
    }
}

async fn stopped(gateway: Gateway) {
    gateway.stopped().await;
}

fn word(job: i64, variables: &str) -> Result<Word, Status> {
    let variables = input::variables("variables", variables).map_err(status::of)?;
    Ok(Word { job, variables, token: None, result: None })
}

fn wanted(message: &ActivateJobsRequest) -> Result<LeaseJobs, Failure> {
    let expected = |what: &str, but: String| {
        Failure::invalid(format!("Expected to activate jobs with {what}, but {but}"))
    };
    if message.r#type.trim().is_empty() {
        return Err(expected("type to be present", "it was blank".to_owned()));
    }
    if message.worker.trim().is_empty() {
        return Err(expected("worker to be present", "it was blank".to_owned()));
    }
    let most = message.max_jobs_to_activate;
    for (what, given) in [("timeout", message.timeout), ("maxJobsToActivate", most.into())] {
        if given < 1 {
            let what = format!("{what} to be greater than zero");
            return Err(expected(&what, format!("it was {given}")));
        }
    }
    Ok(LeaseJobs {
        job_type: input::name("type", &message.r#type)?,
        worker: input::optional_name("worker", &message.worker)?,
        timeout: message.timeout,
        max_jobs: u32::try_from(most).unwrap_or(1).min(ACTIVATION_JOBS_MAX),
        fetch_variables: input::names("fetchVariable", &message.fetch_variable)?,
        tenants: input::tenants("ActivateJobs", &message.tenant_ids)?,
    })
}

fn streamed(message: &StreamActivatedJobsRequest) -> Result<LeaseJobs, Failure> {
    if message.r#type.trim().is_empty() {
        return Err(Failure::invalid(
            "Expected to stream jobs with type to be present, but it was blank",
        ));
    }
    Ok(LeaseJobs {
        job_type: input::name("type", &message.r#type)?,
        worker: worker(&message.worker)?,
        timeout: input::positive("timeout", message.timeout)?,
        max_jobs: STREAM_CREDIT_MAX,
        fetch_variables: input::names("fetchVariable", &message.fetch_variable)?,
        tenants: input::tenants("StreamActivatedJobs", &message.tenant_ids)?,
    })
}

/// A stream may leave its worker's name blank; the journal and the workers' page want one.
fn worker(given: &str) -> Result<Text, Failure> {
    if given.trim().is_empty() { Ok("default".into()) } else { input::name("worker", given) }
}

fn given(result: Option<JobResult>) -> Result<Given, Failure> {
    let Some(result) = result else { return Ok(Given::default()) };
    let values = |list: Option<StringList>| list.map(|list| list.values);
    let leads = !result.activate_elements.is_empty()
        || result.is_completion_condition_fulfilled == Some(true)
        || result.is_cancel_remaining_instances == Some(true);
    let elements = result
        .activate_elements
        .into_iter()
        .map(|one| Ok((one.element_id, input::variables("activateElements", &one.variables)?)));
    Ok(Given {
        kind: if leads { Some(AD_HOC.to_owned()) } else { result.r#type },
        denied: result.denied == Some(true),
        reason: result.denied_reason,
        corrections: result.corrections.map(|all| Corrected {
            assignee: all.assignee,
            due_date: all.due_date,
            follow_up_date: all.follow_up_date,
            candidate_users: values(all.candidate_users),
            candidate_groups: values(all.candidate_groups),
            priority: all.priority,
        }),
        elements: elements.collect::<Result<_, Failure>>()?,
        fulfilled: result.is_completion_condition_fulfilled == Some(true),
        cancel_remaining: result.is_cancel_remaining_instances == Some(true),
    })
}

/// As many messages as keep each below what clients take.
fn messages(jobs: impl Iterator<Item = ActivatedJob>) -> Vec<Result<ActivateJobsResponse, Status>> {
    let mut messages: Vec<ActivateJobsResponse> = Vec::new();
    let mut bytes = usize::MAX;
    for job in jobs {
        let size = job.encoded_len();
        match messages.last_mut() {
            Some(message) if bytes.saturating_add(size) <= ACTIVATION_MESSAGE_BYTES_MAX => {
                bytes += size;
                message.jobs.push(job);
            }
            Some(_) | None => {
                bytes = size;
                messages.push(ActivateJobsResponse { jobs: vec![job] });
            }
        }
    }
    messages.into_iter().map(Ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_activations_are_split_and_small_ones_are_not() {
        let job =
            |bytes: usize| ActivatedJob { variables: "x".repeat(bytes), ..Default::default() };
        let count = |jobs: Vec<ActivatedJob>| {
            let messages = messages(jobs.into_iter());
            messages.into_iter().map(|m| m.unwrap().jobs.len()).collect::<Vec<_>>()
        };
        assert_eq!(count(vec![]), Vec::<usize>::new());
        assert_eq!(count(vec![job(10), job(10)]), vec![2]);
        assert_eq!(count(vec![job(600_000), job(600_000), job(10), job(2_000_000)]), vec![1, 2, 1]);
    }
}
