//! The way to a worker: a process, where there are walls to put up around one, and else the engine here.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use super::process::{Channel, Start};

use super::line::Inbox;

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub use here::{Channel, Start};

/// The last answer.
#[derive(Default)]
pub struct Answer(pub(super) Inbox);

impl Answer {
    pub fn frame(&self) -> &[u8] {
        self.0.frame()
    }

    /// What follows the word that it is done.
    pub fn done(&self) -> &[u8] {
        self.frame().get(1..).unwrap_or_default()
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod here {
    use refold_core::port::handler::HandlerFault;

    use super::super::frame;
    use super::super::pool::Asked;
    use super::super::serve::Server;
    use super::Answer;
    use crate::limits::GuestLimits;

    /// There is nothing to start.
    #[derive(Debug, Clone, Default)]
    pub struct Start;

    pub struct Channel {
        server: Server,
        request: Vec<u8>,
    }

    impl Channel {
        pub fn open(_start: &Start) -> Result<Channel, HandlerFault> {
            Ok(Channel {
                server: Server::default(),
                request: Vec::new(),
            })
        }

        pub fn start(&self) -> &Start {
            &Start
        }

        pub fn ask(
            &mut self,
            _asked: Asked,
            _limits: &GuestLimits,
            request: &[&[u8]],
            answer: &mut Answer,
        ) -> Result<(), HandlerFault> {
            self.request.clear();
            request.iter().for_each(|part| self.request.extend_from_slice(part));
            let answered = answer.0.put(|out| self.server.answer(&self.request, out));
            answered.ok_or_else(|| frame::odd("nothing, because it does not understand what it is asked"))
        }

        pub fn end(&mut self) {
            self.server = Server::default();
        }
    }
}
