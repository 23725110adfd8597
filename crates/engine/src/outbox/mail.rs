//! Notices by e-mail: to an SMTP server, or as files where none is set.

use super::Failed;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::notify::Letter;
use lakeflow_core::time::WallTime;
use lettre::message::{Mailbox, header::ContentType};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// Folder of letters, in the data folder.
const FOLDER: &str = "outbox";
/// Who sends, unless that is set.
const SENDER: &str = "lakeflow@localhost";
/// Longest time until a letter has to be taken.
const TAKEN: Duration = Duration::from_secs(30);

/// A server that takes letters.
#[derive(Clone)]
pub struct Smtp {
    /// `smtp://host:25`, `smtps://user:password@host`, or `smtp://user:password@host:587?tls=required` for STARTTLS.
    pub url: String,
    /// Who sends: `Jobs <jobs@example.com>`.
    pub sender: Option<String>,
}

impl fmt::Debug for Smtp {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("sender", &self.sender).finish_non_exhaustive()
    }
}

pub(super) struct Mail {
    server: Option<AsyncSmtpTransport<Tokio1Executor>>,
    sender: Mailbox,
    workspace_id: String,
    folder: PathBuf,
}

impl Mail {
    pub(super) fn new(data_dir: &Path, workspace_id: &str, smtp: Option<&Smtp>) -> Result<Self, Error> {
        let refused = |text: String| Error::new(ErrorCode::InvalidArgument, "start_engine", text);
        let sender = smtp.and_then(|smtp| smtp.sender.as_deref()).unwrap_or(SENDER);
        let sender = sender.parse().map_err(|e| {
            refused(format!("{sender:?} cannot send e-mail: {e}; write `Name <name@example.com>`"))
        })?;
        let server = smtp.map(|smtp| {
            let form =
                "smtp://host:25, smtps://user:password@host or smtp://user:password@host:587?tls=required";
            let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&smtp.url)
                // What is wrong with it might hold the password.
                .map_err(|_| refused(format!("the SMTP address cannot be read; it is like {form}")))?;
            Ok(builder.timeout(Some(TAKEN)).build())
        });
        let (workspace_id, folder) = (workspace_id.to_owned(), data_dir.join(FOLDER));
        Ok(Self { server: server.transpose()?, sender, workspace_id, folder })
    }

    /// Hands a letter over. `id` names the delivery: what is sent again has the same `Message-ID`, and the same file.
    pub(super) async fn send(
        &self,
        id: &str,
        to: &[String],
        letter: &Letter,
        at: WallTime,
    ) -> Result<(), Failed> {
        let message = self.message(id, to, letter, at).map_err(|e| Failed::new(format!("no letter: {e}")))?;
        let Some(server) = &self.server else {
            return self.keep(id, &message.formatted()).await.map_err(|e| {
                Failed::new(format!("the letter could not be written to {}: {e}", self.folder.display()))
            });
        };
        let sent = tokio::time::timeout(TAKEN, server.send(message)).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Failed::new(format!("the SMTP server has not taken the letter: {error}"))),
            Err(_) => {
                let text = format!("the SMTP server has not taken the letter within {} s", TAKEN.as_secs());
                Err(Failed::new(text))
            }
        }
    }

    fn message(
        &self,
        id: &str,
        to: &[String],
        letter: &Letter,
        at: WallTime,
    ) -> Result<Message, Box<dyn std::error::Error>> {
        let since = Duration::from_millis(u64::try_from(at.0).unwrap_or(0));
        let mut builder = Message::builder()
            .from(self.sender.clone())
            .subject(&letter.subject)
            .date(UNIX_EPOCH + since)
            .message_id(Some(format!("<{id}.{}@lakeflow>", self.workspace_id)))
            .header(ContentType::TEXT_PLAIN);
        for address in to {
            builder = builder.to(address.parse()?);
        }
        Ok(builder.body(letter.text.clone())?)
    }

    /// Writes a letter to a file: never half of it is seen.
    async fn keep(&self, id: &str, letter: &[u8]) -> std::io::Result<()> {
        let (draft, file) = (self.folder.join(format!("{id}.draft")), self.folder.join(format!("{id}.eml")));
        tokio::fs::create_dir_all(&self.folder).await?;
        tokio::fs::write(&draft, letter).await?;
        tokio::fs::rename(&draft, &file).await
    }
}
