use grevy::{Grevy, Job, Model};

fn main() -> Result<(), grevy::Error> {
    let grevy = Grevy::memory()?;
    let hello = Model::process("hello").start("start").service_task("Step1", "greet");
    grevy.deploy_model(hello.service_task("Step2", "greet").end("end")).wait()?;
    grevy.worker("greet", |job: &Job| {
        println!("Hello, {}!", job.text("city"));
        Ok::<(), String>(())
    });
    grevy.run("hello", [("city", "New York")]).wait()?;
    Ok(())
}
