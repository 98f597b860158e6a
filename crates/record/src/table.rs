//! The macros behind the schema tables: a line per field, `tag name: codec`.
//!
//! Encoders destructure without `..` and match without `_`, so a field or an event that the engine
//! gains does not compile until it has a tag here.

/// A struct as a message.
macro_rules! message {
    ($name:literal, $type:ident { $($tag:literal $field:ident: $codec:ty),* $(,)? }) => {
        message!(@ $name, $type, ($type { $($field),* }), { $($tag $field: $codec),* });
    };
    // A tuple, whose places get names.
    ($name:literal, ($($type:ty),*) { $($tag:literal $field:ident: $codec:ty),* $(,)? }) => {
        message!(@ $name, ($($type),*), (($($field),*)), { $($tag $field: $codec),* });
    };
    (@ $name:literal, $type:ty, ($($pattern:tt)*), {
        $($tag:literal $field:ident: $codec:ty),*
    }) => {
        impl $crate::codec::Message for $type {
            const NAME: &'static str = $name;

            fn write_fields(&self, writer: &mut $crate::wire::Writer<'_>) {
                let $($pattern)* = self;
                $(<$codec as $crate::codec::Codec>::put($field, $tag, writer);)*
            }

            fn read_fields(
                mut reader: $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::error::DecodeError> {
                read_fields!(reader, { $($tag $field: $codec),* });
                Ok($($pattern)*)
            }

            fn describe(schema: &mut $crate::proto::Schema) {
                schema.message($name, |schema| $crate::proto::MessageText {
                    name: $name,
                    fields: [
                        $(<$codec as $crate::codec::Codec>::describe(
                            stringify!($field), $tag, schema,
                        )),*
                    ].concat(),
                    choice: None,
                    nested: Vec::new(),
                });
            }

            #[cfg(feature = "specimen")]
            fn any(choices: &mut $crate::specimen::Choices<'_>) -> Self {
                $(let $field = <$codec as $crate::codec::Codec>::any(choices);)*
                $($pattern)*
            }
        }
    };
}

/// A row of a table: the fields of its key, then those of its value, in one message.
macro_rules! row {
    ($name:literal, $row:ident: $key:ty => struct $value:ident,
        ($($ktag:literal $kfield:ident: $kcodec:ty),+),
        { $($tag:literal $field:ident: $codec:ty),* $(,)? }) => {
        row!(@ $name, $row, $key, $value, { $($ktag $kfield: $kcodec),+ },
            ($value { $($field),* }), { $($tag $field: $codec),* });
    };
    ($name:literal, $row:ident: $key:ty => $value:ty,
        ($($ktag:literal $kfield:ident: $kcodec:ty),+),
        { $($tag:literal $field:ident: $codec:ty),+ $(,)? }) => {
        row!(@ $name, $row, $key, $value, { $($ktag $kfield: $kcodec),+ },
            (($($field),+)), { $($tag $field: $codec),+ });
    };
    (@ $name:literal, $row:ident, $key:ty, $value:ty,
        { $($ktag:literal $kfield:ident: $kcodec:ty),+ },
        ($($pattern:tt)*), { $($tag:literal $field:ident: $codec:ty),* }) => {
        pub(crate) struct $row;

        // A key of one field is the field itself.
        #[allow(unused_parens)]
        impl $crate::codec::Row for $row {
            type Key = $key;
            type Value = $value;

            fn write_row(key: &$key, value: &$value, writer: &mut $crate::wire::Writer<'_>) {
                let ($($kfield),+) = key;
                let $($pattern)* = value;
                $(<$kcodec as $crate::codec::Codec>::put($kfield, $ktag, writer);)+
                $(<$codec as $crate::codec::Codec>::put($field, $tag, writer);)*
            }

            fn read_row(
                mut reader: $crate::wire::Reader<'_>,
            ) -> Result<($key, $value), $crate::error::DecodeError> {
                read_fields!(reader, { $($ktag $kfield: $kcodec,)+ $($tag $field: $codec),* });
                Ok((($($kfield),+), $($pattern)*))
            }

            fn describe_row(schema: &mut $crate::proto::Schema) -> &'static str {
                schema.message($name, |schema| $crate::proto::MessageText {
                    name: $name,
                    fields: [
                        $(<$kcodec as $crate::codec::Codec>::describe(
                            stringify!($kfield), $ktag, schema,
                        ),)+
                        $(<$codec as $crate::codec::Codec>::describe(
                            stringify!($field), $tag, schema,
                        )),*
                    ].concat(),
                    choice: None,
                    nested: Vec::new(),
                });
                $name
            }

            #[cfg(feature = "specimen")]
            fn any_row(choices: &mut $crate::specimen::Choices<'_>) -> ($key, $value) {
                $(let $kfield = <$kcodec as $crate::codec::Codec>::any(choices);)+
                $(let $field = <$codec as $crate::codec::Codec>::any(choices);)*
                (($($kfield),+), $($pattern)*)
            }
        }
    };
}

/// Reads the fields of a message into variables of their names. Unknown fields are skipped: a
/// field that changes the meaning of an event is a new event instead.
macro_rules! read_fields {
    ($reader:ident, {}) => {
        while $reader.next()?.is_some() {}
    };
    ($reader:ident, { $($tag:literal $field:ident: $codec:ty),* $(,)? }) => {
        $(let mut $field = <$codec as $crate::codec::Codec>::Slot::default();)*
        while let Some((number, raw)) = $reader.next()? {
            match number {
                $(n if n.wrapping_sub($tag) < <$codec as $crate::codec::Codec>::TAGS => {
                    let index = n - $tag;
                    <$codec as $crate::codec::Codec>::take(&mut $field, index, raw, &mut $reader)?;
                })*
                _ => {}
            }
        }
        $(let $field = <$codec as $crate::codec::Codec>::finish($field, &$reader)?;)*
    };
}

/// An enum as a message with one field per variant. The tag of a variant is the version of its
/// event: a change of meaning is a new variant with a new tag.
macro_rules! choice {
    ($name:literal, $enum:ident, $choice:literal {
        $($tag:literal $variant:ident
            $({ $($ftag:literal $field:ident: $codec:ty),* $(,)? })?
            $(($inner:ty))?
        ,)*
    }) => {
        impl $crate::codec::Message for $enum {
            const NAME: &'static str = $name;

            fn write_fields(&self, writer: &mut $crate::wire::Writer<'_>) {
                match self {
                    $(
                        $($enum::$variant { $($field),* } => {
                            let open = writer.open($tag);
                            $(<$codec as $crate::codec::Codec>::put($field, $ftag, writer);)*
                            writer.close(open);
                        })?
                        $($enum::$variant(inner) => {
                            <$inner as $crate::codec::Codec>::write(inner, $tag, writer)
                        })?
                    )*
                }
            }

            fn read_fields(
                mut reader: $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::error::DecodeError> {
                let mut found = None;
                while let Some((number, raw)) = reader.next()? {
                    match number {
                        $($tag => {
                            $(
                                let mut fields = reader.nested(raw)?;
                                read_fields!(fields, { $($ftag $field: $codec),* });
                                found = Some($enum::$variant { $($field),* });
                            )?
                            $(
                                let inner = $crate::codec::read::<$inner>(raw, &mut reader)?;
                                found = Some($enum::$variant(inner));
                            )?
                        })*
                        tag => {
                            let at = reader.at();
                            return Err($crate::error::DecodeError::unknown(at, $name, tag));
                        }
                    }
                }
                let at = reader.at();
                found.ok_or_else(|| $crate::error::DecodeError::malformed(at, $name, "found none"))
            }

            fn describe(schema: &mut $crate::proto::Schema) {
                schema.message($name, |schema| {
                    let mut nested = Vec::new();
                    let mut fields = Vec::new();
                    $(
                        $(
                            nested.push($crate::proto::MessageText {
                                name: stringify!($variant),
                                fields: <[Vec<$crate::proto::FieldText>]>::concat(&[
                                    $(<$codec as $crate::codec::Codec>::describe(
                                        stringify!($field), $ftag, schema,
                                    )),*
                                ]),
                                choice: None,
                                nested: Vec::new(),
                            });
                            fields.push($crate::proto::FieldText::of_variant(
                                stringify!($variant), $tag,
                            ));
                        )?
                        $(
                            let name = $crate::proto::snake(stringify!($variant));
                            fields.extend(
                                <$inner as $crate::codec::Codec>::describe(&name, $tag, schema),
                            );
                        )?
                    )*
                    $crate::proto::MessageText {
                        name: $name,
                        fields,
                        choice: Some($choice),
                        nested,
                    }
                });
            }

            #[cfg(feature = "specimen")]
            fn any(choices: &mut $crate::specimen::Choices<'_>) -> Self {
                let variants = <$enum as $crate::schema::Choice>::VARIANTS;
                let tag = variants[choices.pick(variants.len())].1;
                let any = <$enum as $crate::schema::Choice>::any_of(tag, choices);
                any.expect("every variant in the table can be made up")
            }
        }

        #[cfg(feature = "specimen")]
        impl $crate::schema::Choice for $enum {
            const VARIANTS: &'static [(&'static str, u32)] =
                &[$((stringify!($variant), $tag)),*];

            fn any_of(tag: u32, choices: &mut $crate::specimen::Choices<'_>) -> Option<Self> {
                match tag {
                    $($tag => {
                        $(
                            $(let $field = <$codec as $crate::codec::Codec>::any(choices);)*
                            Some($enum::$variant { $($field),* })
                        )?
                        $(Some($enum::$variant(<$inner as $crate::codec::Codec>::any(choices))))?
                    })*
                    _ => None,
                }
            }
        }
    };
}

/// An enum without fields as a number. The first variant is the default.
macro_rules! numbers {
    ($name:literal, $enum:ident { $($number:literal $variant:ident),* $(,)? }) => {
        impl $crate::codec::Codec for $enum {
            type Value = $enum;
            type Slot = Option<$enum>;

            fn write(value: &$enum, tag: u32, writer: &mut $crate::wire::Writer<'_>) {
                writer.varint(tag, match value { $($enum::$variant => $number),* });
            }

            fn is_default(value: &$enum) -> bool {
                let number: u32 = match value { $($enum::$variant => $number),* };
                number == 0
            }

            fn take(
                slot: &mut Option<$enum>,
                _index: u32,
                raw: $crate::wire::Raw<'_>,
                reader: &mut $crate::wire::Reader<'_>,
            ) -> Result<(), $crate::error::DecodeError> {
                let number = reader.number(raw)?;
                *slot = Some(match number {
                    $($number => $enum::$variant,)*
                    _ => {
                        let expected = concat!("a ", $name, " that this build knows");
                        let found = format!("found number {number}: a newer version wrote it");
                        let at = reader.at();
                        return Err($crate::error::DecodeError::malformed(at, expected, found));
                    }
                });
                Ok(())
            }

            fn finish(
                slot: Option<$enum>,
                _reader: &$crate::wire::Reader<'_>,
            ) -> Result<$enum, $crate::error::DecodeError> {
                const ALL: &[$enum] = &[$($enum::$variant),*];
                Ok(slot.unwrap_or(ALL[0]))
            }

            fn describe(
                name: &str,
                tag: u32,
                schema: &mut $crate::proto::Schema,
            ) -> Vec<$crate::proto::FieldText> {
                schema.numbers($name, &[$((stringify!($variant), $number)),*]);
                vec![$crate::proto::FieldText::new("", $name, name, tag)]
            }

            #[cfg(feature = "specimen")]
            fn any(choices: &mut $crate::specimen::Choices<'_>) -> $enum {
                const ALL: &[$enum] = &[$($enum::$variant),*];
                ALL[choices.pick(ALL.len())]
            }
        }
    };
}
