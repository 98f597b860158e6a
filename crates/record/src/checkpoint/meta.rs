//! The rows of the meta machine.

use engine::event::Text;
use engine::meta::{FileDeployed, Image, ProcessDeployed, RequirementsDeployed};

use crate::codec::{I32, I64, Keys, List, Map, Msg, Shared, Str, Tenant, U16, U64};

message!("Deployments", Image {
    1 epoch: U64,
    2 next: I64,
    3 partitions: U16,
    4 dealt: U16,
    5 definitions: List<Shared<Msg<ProcessDeployed>>>,
    6 deleted: Keys,
    7 versions: Map<VersionRow>,
    8 requirements: List<Shared<Msg<RequirementsDeployed>>>,
    9 files: List<Shared<Msg<FileDeployed>>>,
});

row!("VersionRow", VersionRow: (Text, Text) => i32, (1 tenant: Tenant, 2 process_id: Str), {
    3 version: I32,
});
