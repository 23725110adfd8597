//! The table of the rules about bundles. Their texts are judged by [`crate::source::RULES`], the jobs in them by
//! [`crate::job::RULES`].

crate::job::declare_rules! {
    /// Every rule about bundles.
    RULES:

    // Files.
    UNREADABLE_FILE "unreadable_file" Error "Files that are named can be read."
    NO_BUNDLE_FILE "no_bundle_file" Error "A folder has a `databricks.yml`."
    INCLUDE_MISSING "include_missing" Error "Each file named in `include` exists (section 19.1)."
    NOT_A_LIST "not_a_list" Error "`include` is a list of texts (section 19.1)."
    NOT_AN_OBJECT "not_an_object" Error "The document, its sections and its resources are objects (section 19.1)."

    // The top level.
    BUNDLE_NAME_MISSING "bundle_name_missing" Error "`bundle.name` is given (section 19.1)."
    UNKNOWN_SECTION "unknown_section" Warning "Top-level keys are known ones (section 19.1)."
    UNKNOWN_RESOURCE_KIND "unknown_resource_kind" Warning "Kinds of resources are known ones (section 19.1)."
    DUPLICATE_RESOURCE "duplicate_resource" Error "A resource is defined in one place (section 19.1)."
    UNKNOWN_TARGET "unknown_target" Error "The target that is asked for exists (section 19.4)."
    TARGET_NEEDED "target_needed" Error "Without a target asked for, one is the default or the only one (section 19.4)."
    SEVERAL_DEFAULT_TARGETS "several_default_targets" Error "One target is the default (section 19.4)."
    UNKNOWN_MODE "unknown_mode" Error "`mode` is development or production (section 19.4)."

    // Variables and interpolation.
    UNKNOWN_VARIABLE "unknown_variable" Error "Variables are declared in `variables` (section 19.3)."
    VARIABLE_WITHOUT_VALUE "variable_without_value" Error "Each variable has a value (section 19.3)."
    VARIABLE_LOOKUP "variable_lookup" Error "A variable that is looked up in a workspace is given a value where there is no workspace (section 19.3)."
    VARIABLE_TYPE "variable_type" Warning "Only variables of type complex hold lists and objects (section 19.3)."
    UNKNOWN_INTERPOLATION "unknown_interpolation" Error "`${...}` names something that exists (section 19.3)."
    INTERPOLATION_CYCLE "interpolation_cycle" Error "`${...}` references have no cycle (section 19.3)."
    INTERPOLATION_TYPE "interpolation_type" Error "Lists and objects are not inserted into text (section 19.3)."
    INTERPOLATION_TOO_LARGE "interpolation_too_large" Error "Interpolation stays within 16 MB, and references lead through at most 64 others."

    // Jobs.
    JOB_CYCLE "job_cycle" Error "Jobs do not refer to each other in a cycle (sections 10.3 and 19.3)."
    PATH_OUTSIDE_BUNDLE "path_outside_bundle" Error "Relative paths stay inside the bundle's folder (section 19.2)."
    MISSING_NOTEBOOK "missing_notebook" Error "Notebooks named by relative paths exist (section 19.2)."
    NOT_A_NOTEBOOK "not_a_notebook" Error "What a notebook task names is a notebook (section 19.2)."
    IS_A_NOTEBOOK "is_a_notebook" Error "What a Python script task names is not a notebook (section 19.2)."
    MISSING_FILE "missing_file" Error "Files and folders named by relative paths exist (section 19.2)."
    UNRESOLVED_RESOURCE "unresolved_resource" Error "What a job refers to is deployed before the job (section 19.3)."
    MISSING_LIBRARY "missing_library" Warning "Libraries named by relative paths exist, or are built before deployment (section 19.2)."
}
